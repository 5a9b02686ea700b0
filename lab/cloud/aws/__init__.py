# AWS as the lab has it: moto behind a front that knows principals, evaluates IAM and adds what moto lacks.
