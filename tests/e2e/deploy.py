#!/usr/bin/env python3
"""Deploys template.yaml with `sam deploy` onto an emulator, and lets a change pass through what came of it.

    tests/e2e/deploy.py            with the functions of the dev build
    tests/e2e/deploy.py --built    with what `sam build` has made

The emulator has no routes for a SAM HttpApi, so the doors are invoked with the event that a route would send. Its event
source mapping hands the hint to the worker; the vendors of this stage are out of reach, and the worker says so.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tests" / ".tools"
STACK = "cosell-deployed"
FUNCTIONS = ["webhook-ingest", "crm-change", "sync-worker", "reconciler", "token-refresher"]
PATIENCE_SECONDS = 120

SETTINGS = """
[partner_center]
tenant_id = "5f0a1c52-7a44-4b43-9d0e-0d7f4f6f1a01"
client_id = "0b8e6f9d-2f53-4c1c-8a57-3c4f7f1d2b02"
partner_id = "1234567"
authority_url = "http://127.0.0.1:1"
referrals_url = "http://127.0.0.1:1"
webhooks_url = "http://127.0.0.1:1"
[dataverse]
url = "http://127.0.0.1:1"
tenant_id = "5f0a1c52-7a44-4b43-9d0e-0d7f4f6f1a01"
client_id = "0b8e6f9d-2f53-4c1c-8a57-3c4f7f1d2b02"
authority_url = "http://127.0.0.1:1"
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def dev_template(folder):
    """The template with the dev build's functions in the place of their sources, as `sam build` would lay them out."""
    text = (ROOT / "template.yaml").read_text()
    for function in FUNCTIONS:
        (folder / function).mkdir()
        bootstrap = folder / function / "bootstrap"
        shutil.copy(ROOT / "target" / "debug" / function, bootstrap)
        subprocess.run(["strip", bootstrap], check=True)
        text = text.replace(f"CodeUri: functions/{function}\n", f"CodeUri: {folder / function}\n")
    text = text.replace("    Metadata: { BuildMethod: rust-cargolambda }\n", "")
    template = folder / "template.yaml"
    template.write_text(text)
    return template


def until(what, is_so):
    give_up = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up:
        if found := is_so():
            return found
        time.sleep(0.2)
    raise SystemExit(f"{what}: it did not come to be")


def expect(what, holds):
    if not holds:
        raise SystemExit(f"{what}: no")
    print(f"  ok  {what}", flush=True)


def main():
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    folder = Path(tempfile.mkdtemp())
    environment = {**os.environ, "GATEWAY_PORT": str(port), "AWS_ENDPOINT_URL": url, "MINISTACK_REGION": "eu-central-1"}
    environment |= {"S3_DATA_DIR": str(folder / "s3"), "STATE_DIR": str(folder / "state")}
    log = (folder / "emulator.log").open("w")
    emulator = subprocess.Popen([TOOLS / "stack" / "bin" / "ministack"], env=environment, stdout=log, stderr=log)
    try:
        until("the emulator listens", lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
        template = ROOT / ".aws-sam" / "build" / "template.yaml"
        deploy(template if "--built" in sys.argv else dev_template(folder), environment, folder)
        play(url)
    finally:
        emulator.terminate()
        emulator.wait()
        shutil.rmtree(folder, ignore_errors=True)


def deploy(template, environment, folder):
    command = [TOOLS / "sam" / "bin" / "sam", "deploy", "--template-file", template, "--stack-name", STACK]
    command += ["--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar"]
    command += ["--parameter-overrides", "DeletionProtection=false"]
    # In a folder without a samconfig.toml: this is neither staging nor production.
    subprocess.run(command, env=environment, cwd=folder, check=True)


def play(url):
    client = lambda name: boto3.client(name, endpoint_url=url, region_name="eu-central-1")
    stacks, functions, secrets, queues = client("cloudformation"), client("lambda"), client("secretsmanager"), client("sqs")
    stack = stacks.describe_stacks(StackName=STACK)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    expect("the stack is complete", stack["StackStatus"] == "CREATE_COMPLETE")
    resources = stacks.describe_stack_resources(StackName=STACK)["StackResources"]
    expect(f"{len(resources)} resources are complete", all(r["ResourceStatus"] == "CREATE_COMPLETE" for r in resources))
    expect("both doors have an address", outputs["PartnerCenterEventsUrl"].endswith("/partner-center/events")
           and outputs["DataverseChangesUrl"].endswith("/dataverse/changes"))

    def invoke(function, event):
        answer = functions.invoke(FunctionName=f"{STACK}-{function}", Payload=json.dumps(event))
        return answer.get("FunctionError"), json.loads(answer["Payload"].read() or "null")

    failed, answer = invoke("reconciler", {})
    expect("without secrets a function does not start", failed and "hints" not in (answer or {}))
    put = lambda name, text: secrets.put_secret_value(SecretId=outputs[name], SecretString=text)
    put("SettingsSecret", SETTINGS)
    put("PartnerCenterSecret", json.dumps({"client_secret": "s", "refresh_token": "t"}))
    put("DataverseSecret", json.dumps({"client_secret": "s", "webhook_keys": ["key"]}))

    failed, answer = invoke("reconciler", {"source": "aws.scheduler"})
    expect("the reconciler answers, and says that the vendors are out of reach",
           not failed and answer["hints"] == 0 and "error" in answer["crm"] and "error" in answer["partner_center"])
    failed, _ = invoke("token-refresher", {})
    expect("the refresher fails, and keeps the token", failed
           and "t" == json.loads(secrets.get_secret_value(SecretId=outputs["PartnerCenterSecret"])["SecretString"])["refresh_token"])

    def knock(function, path, headers, body):
        event = {"version": "2.0", "routeKey": f"POST {path}", "rawPath": path, "rawQueryString": "", "headers": headers,
                 "requestContext": {"http": {"method": "POST", "path": path}}, "body": body, "isBase64Encoded": False}
        failed, answer = invoke(function, event)
        return None if failed else answer["statusCode"]

    expect("an event that nobody signed is refused", knock("webhook-ingest", "/partner-center/events", {}, "{}") == 401)
    change = {"PrimaryEntityName": "opportunity", "PrimaryEntityId": "0f8fad5b-d9cb-469f-a165-70867728950e",
              "MessageName": "Update", "OperationId": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}
    headers = {"x-cosell-key": "key", "content-type": "application/json"}
    expect("a change is queued", knock("crm-change", "/dataverse/changes", headers, json.dumps(change)) == 200)

    logs = client("logs")

    def worked():
        events = logs.filter_log_events(logGroupName=group).get("events", [])
        return any("not worked" in event["message"] and change["PrimaryEntityId"] in event["message"] for event in events)

    group = next((g["logGroupName"] for g in logs.describe_log_groups()["logGroups"] if "sync-worker" in g["logGroupName"]), "")
    expect("the worker took the hint, could not reach the CRM, and said so", until("the worker's line", worked))
    attributes = queues.get_queue_attributes(QueueUrl=outputs["QueueUrl"], AttributeNames=["All"])["Attributes"]
    waiting = int(attributes["ApproximateNumberOfMessages"]) + int(attributes["ApproximateNumberOfMessagesNotVisible"])
    expect("the hint is handed back, not lost", waiting == 1)


main()
