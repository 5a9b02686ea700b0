# The web ACL, with AWS mocked: run by `npm run terraform`.

mock_provider "aws" {}

variables {
  name = "sample"
}

run "it_counts_first" {
  assert {
    condition     = length(one(aws_wafv2_web_acl.this.rule).override_action[0].count) == 1 && length(one(aws_wafv2_web_acl.this.rule).override_action[0].none) == 0
    error_message = "Nothing is blocked before somebody wants it."
  }
}

run "it_blocks" {
  variables {
    enforce = true
  }

  assert {
    condition     = length(one(aws_wafv2_web_acl.this.rule).override_action[0].count) == 0 && length(one(aws_wafv2_web_acl.this.rule).override_action[0].none) == 1
    error_message = "The rules' own actions hold."
  }
}

run "a_name_that_waf_refuses" {
  command = plan
  variables {
    name = "my cluster"
  }
  expect_failures = [var.name]
}
