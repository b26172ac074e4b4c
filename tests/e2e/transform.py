#!/usr/bin/env python3
"""Prints template.yaml as CloudFormation sees it: after the SAM transform, with short forms spelled out, as JSON."""

import json
import sys
from pathlib import Path

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

template = yaml_parse(Path(sys.argv[1]).read_text())
for resource in template["Resources"].values():
    # What `sam build && sam package` would put there.
    if resource["Type"] == "AWS::Serverless::Function":
        resource["Properties"]["CodeUri"] = {"Bucket": "bucket", "Key": resource["Properties"]["CodeUri"]}
print(json.dumps(Translator({}, Parser()).translate(template, {}), indent=1))
