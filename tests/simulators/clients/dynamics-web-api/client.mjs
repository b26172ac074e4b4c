// DynamicsWebApi, a client of Dataverse that we did not write, against the simulator: what it sends must be understood
// and what it reads must be there. Prints one line per check and ends with `N passed, N failed`.
//
// MODULES is the folder that holds its node_modules, SETTINGS what the simulator printed.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.MODULES}/`);
const { DynamicsWebApi } = require("dynamics-web-api");
const settings = JSON.parse(process.env.SETTINGS);

async function fetchToken() {
  const answer = await fetch(`${settings.url}/${settings.tenant_id}/oauth2/v2.0/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: settings.client_id,
      client_secret: settings.client_secret,
      scope: `${settings.url}/.default`,
    }),
  });
  return (await answer.json()).access_token;
}

const api = new DynamicsWebApi({
  serverUrl: settings.url,
  dataApi: { version: "9.2" },
  onTokenRefresh: fetchToken,
});

let passed = 0;
let failed = 0;

async function check(what, act) {
  try {
    await act();
    passed += 1;
    console.log(`  ok      ${what}`);
  } catch (error) {
    failed += 1;
    console.log(`  FAILED  ${what}: ${error.message}`);
  }
}

/** The error of a call that must fail. */
async function refusal(call) {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error("the call succeeded");
}

const id = (address) => /\(([0-9a-f-]{36})\)/.exec(address)?.[1] ?? address;

let account;
let deal;

await check("WhoAmI tells three ids", async () => {
  const answer = await api.callFunction("WhoAmI");
  for (const member of ["UserId", "BusinessUnitId", "OrganizationId"]) {
    assert.match(answer[member], /^[0-9a-f-]{36}$/);
  }
});

await check("create answers the id from OData-EntityId", async () => {
  account = id(await api.create({ collection: "accounts", data: { name: "Fabrikam & Sons", address1_city: "Graz" } }));
  assert.match(account, /^[0-9a-f-]{36}$/);
});

await check("create with a lookup and return=representation answers the row", async () => {
  const row = await api.create({
    collection: "opportunities",
    data: {
      name: "ERP to Azure",
      estimatedvalue: 25000.5,
      estimatedclosedate: "2027-03-31",
      "parentaccountid@odata.bind": `/accounts(${account})`,
    },
    select: ["name", "estimatedvalue"],
    returnRepresentation: true,
  });
  deal = row.opportunityid;
  assert.equal(row.name, "ERP to Azure");
  assert.equal(row.estimatedvalue, 25000.5);
});

await check("retrieve selects, expands and annotates", async () => {
  const row = await api.retrieve({
    collection: "opportunities",
    key: deal,
    select: ["name", "_customerid_value", "statecode"],
    expand: [{ property: "parentaccountid", select: ["name"] }],
    includeAnnotations: "*",
  });
  assert.equal(row.parentaccountid.name, "Fabrikam & Sons");
  assert.equal(row._customerid_value_LogicalName, "account");
  assert.equal(row["_customerid_value@OData.Community.Display.V1.FormattedValue"], "Fabrikam & Sons");
  assert.equal(row.statecode_Formatted, "Open");
});

await check("update with the right etag changes the row, with an old one it does not", async () => {
  const before = await api.retrieve({ collection: "opportunities", key: deal, select: ["name"] });
  const update = (name) =>
    api.update({ collection: "opportunities", key: deal, data: { name }, ifmatch: before["@odata.etag"] });
  assert.notEqual(await update("Renamed"), false);
  assert.equal(await update("Too late"), false, "the client answers false to a 412");
  const after = await api.retrieve({ collection: "opportunities", key: deal, select: ["name"] });
  assert.equal(after.name, "Renamed");
  assert.notEqual(after["@odata.etag"], before["@odata.etag"]);
});

await check("retrieve with the etag in hand brings no row", async () => {
  const row = await api.retrieve({ collection: "opportunities", key: deal, select: ["name"] });
  const retrieve = (etag) =>
    api.retrieve({ collection: "opportunities", key: deal, select: ["name"], ifnonematch: etag });
  assert.equal((await retrieve(row["@odata.etag"]))?.name, undefined, "the client answers nothing to a 304");
  assert.equal((await retrieve('W/"1"')).name, "Renamed");
});

await check("upsert by alternate key creates, then finds its row", async () => {
  const upsert = (data, more) =>
    api.upsert({
      collection: "cosell_solutiondetails",
      key: "cosell_code='SOL-00001-AAA'",
      data,
      returnRepresentation: true,
      ...more,
    });
  const made = await upsert({ cosell_name: "ERP Move" });
  const changed = await upsert({ cosell_name: "ERP Move 2" });
  assert.equal(changed.cosell_solutiondetailid, made.cosell_solutiondetailid);
  assert.equal(await upsert({ cosell_name: "No" }, { ifnonematch: "*" }), null, "the client answers null to a 412");
  const row = await api.retrieve({ collection: "cosell_solutiondetails", key: "cosell_code='SOL-00001-AAA'" });
  assert.equal(row.cosell_name, "ERP Move 2");
});

await check("upsert of an absent row with If-Match: * makes nothing", async () => {
  const key = "00000000-0000-4000-8000-000000000001";
  assert.equal(await api.upsert({ collection: "accounts", key, data: { name: "x" }, ifmatch: "*" }), null);
});

await check("a bulk of rows is made by CreateMultiple", async () => {
  const Targets = [1, 2, 3, 4].map((number) => ({
    "@odata.type": "Microsoft.Dynamics.CRM.account",
    name: `Page ${number}`,
  }));
  const answer = await api.callAction({
    collection: "accounts",
    actionName: "Microsoft.Dynamics.CRM.CreateMultiple",
    action: { Targets },
  });
  assert.equal(answer.Ids.length, 4);
});

await check("a query filters, orders, counts and pages to the end", async () => {
  const query = {
    collection: "accounts",
    select: ["name"],
    filter: "startswith(name,'Page') and statecode eq 0",
    orderBy: ["name desc"],
    count: true,
    maxPageSize: 3,
  };
  const first = await api.retrieveMultiple(query);
  assert.equal(first.oDataCount, 4);
  assert.equal(first.value.length, 3);
  const second = await api.retrieveMultiple(query, first.oDataNextLink);
  assert.deepEqual(
    [...first.value, ...second.value].map((row) => row.name),
    ["Page 4", "Page 3", "Page 2", "Page 1"],
  );
  assert.equal(second.oDataNextLink, undefined);
  const all = await api.retrieveAll({ ...query, count: false });
  assert.equal(all.value.length, 4);
});

await check("count answers a number", async () => {
  assert.equal(await api.count({ collection: "accounts" }), 5);
});

await check("change tracking: a first pass, then what changed, deletions last", async () => {
  const request = { collection: "accounts", select: ["name"], trackChanges: true };
  const first = await api.retrieveMultiple(request);
  assert.equal(first.value.length, 5);
  await api.update({ collection: "accounts", key: account, data: { name: "Fabrikam" } });
  const gone = id(await api.create({ collection: "accounts", data: { name: "Brief" } }));
  await api.deleteRecord({ collection: "accounts", key: gone });
  const delta = await api.retrieveMultiple(request, first.oDataDeltaLink);
  assert.deepEqual(
    delta.value.map((row) => row.name ?? row.reason),
    ["Fabrikam", "deleted"],
  );
  assert.equal(delta.value[1].id, gone);
  const quiet = await api.retrieveMultiple(request, delta.oDataDeltaLink);
  assert.deepEqual(quiet.value, []);
});

await check("change tracking pages", async () => {
  const request = { collection: "accounts", select: ["name"], trackChanges: true, maxPageSize: 2 };
  const counts = [];
  let page = await api.retrieveMultiple(request);
  while (page.oDataNextLink) {
    counts.push(page.value.length);
    page = await api.retrieveMultiple(request, page.oDataNextLink);
  }
  counts.push(page.value.length);
  assert.deepEqual(counts, [2, 2, 1]);
  assert.match(page.oDataDeltaLink, /\$deltatoken=\d+%21/);
});

await check("a batch: a change set with references, then a query", async () => {
  api.startBatch();
  api.create({ collection: "accounts", data: { name: "Batch" }, contentId: "1" });
  api.create({
    collection: "opportunities",
    data: { name: "From a batch", "parentaccountid@odata.bind": "$1" },
    contentId: "2",
  });
  api.retrieveMultiple({ collection: "opportunities", select: ["name"], filter: "name eq 'From a batch'" });
  const answers = await api.executeBatch();
  assert.equal(answers.length, 3);
  assert.match(id(answers[0]), /^[0-9a-f-]{36}$/);
  assert.equal(answers[2].value[0].name, "From a batch");
});

await check("a batch that fails tells the error and leaves nothing", async () => {
  api.startBatch();
  api.create({ collection: "accounts", data: { name: "Half" }, contentId: "1" });
  api.create({ collection: "accounts", data: { nothere: 1 }, contentId: "2" });
  const error = await refusal(api.executeBatch());
  assert.equal((Array.isArray(error) ? error[0] : error).status ?? 400, 400);
  const half = await api.retrieveMultiple({ collection: "accounts", select: ["name"], filter: "name eq 'Half'" });
  assert.equal(half.value.length, 0);
});

await check("WinOpportunity closes, and a closed deal refuses changes", async () => {
  await api.callAction({
    actionName: "WinOpportunity",
    action: {
      Status: 3,
      OpportunityClose: { subject: "Won", "opportunityid@odata.bind": `/opportunities(${deal})`, actualrevenue: 24000 },
    },
  });
  const row = await api.retrieve({ collection: "opportunities", key: deal, select: ["statecode", "actualvalue"] });
  assert.deepEqual([row.statecode, row.actualvalue], [1, 24000]);
  const error = await refusal(api.update({ collection: "opportunities", key: deal, data: { name: "No" } }));
  assert.equal(error.code, "0x8004022e");
});

await check("associating and disassociating through $ref", async () => {
  const open = id(await api.create({ collection: "opportunities", data: { name: "Open" } }));
  const solution = id(await api.create({ collection: "cosell_solutions", data: { cosell_name: "S" } }));
  const pair = {
    collection: "opportunities",
    primaryKey: open,
    relationshipName: "cosell_opportunity_cosell_solution",
    relatedKey: solution,
  };
  await api.associate({ ...pair, relatedCollection: "cosell_solutions" });
  const count = async () =>
    (
      await api.retrieve({
        collection: "opportunities",
        key: open,
        expand: [{ property: "cosell_opportunity_cosell_solution", select: ["cosell_name"] }],
      })
    ).cosell_opportunity_cosell_solution.length;
  assert.equal(await count(), 1);
  await api.disassociate(pair);
  assert.equal(await count(), 0);
});

await check("single properties are written and deleted", async () => {
  const request = { collection: "accounts", key: account };
  await api.updateSingleProperty({ ...request, fieldValuePair: { description: "text" } });
  assert.equal((await api.retrieve({ ...request, select: ["description"] })).description, "text");
  await api.deleteRecord({ ...request, property: "description" });
  assert.equal((await api.retrieve({ ...request, select: ["description"] })).description, null);
});

await check("definitions of tables and columns are read", async () => {
  const table = await api.retrieveEntity({
    key: "LogicalName='opportunity'",
    select: ["EntitySetName", "ChangeTrackingEnabled"],
  });
  assert.deepEqual([table.EntitySetName, table.ChangeTrackingEnabled], ["opportunities", true]);
  const column = await api.retrieveAttribute({
    entityKey: "LogicalName='opportunity'",
    attributeKey: "LogicalName='cosell_response'",
    castType: "Microsoft.Dynamics.CRM.PicklistAttributeMetadata",
    select: ["SchemaName"],
    expand: [{ property: "OptionSet", select: ["Options"] }],
  });
  assert.equal(column.SchemaName, "cosell_Response");
  assert.equal(column.OptionSet.Options[0].Label.UserLocalizedLabel.Label, "Accept");
});

await check("delete with an old etag deletes nothing, without one it does", async () => {
  const key = id(await api.create({ collection: "accounts", data: { name: "To go" } }));
  assert.equal(await api.deleteRecord({ collection: "accounts", key, ifmatch: 'W/"1"' }), false);
  await api.deleteRecord({ collection: "accounts", key });
  const error = await refusal(api.retrieve({ collection: "accounts", key }));
  assert.deepEqual([error.status, error.code], [404, "0x80040217"]);
});

await check("an unknown column is a 400 that names it", async () => {
  const error = await refusal(api.retrieveMultiple({ collection: "accounts", select: ["nothere"] }));
  assert.equal(error.status, 400);
  assert.match(error.message, /Could not find a property named 'nothere'/);
});

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
