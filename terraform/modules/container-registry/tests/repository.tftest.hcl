# What a repository is, and what expires in it.
mock_provider "aws" {}

variables {
  account_id  = "555555555555"
  kms_key_arn = "arn:aws:kms:eu-west-1:555555555555:key/00000000-0000-4000-8000-000000000000"
  name_prefix = "lockgate"
  region      = "eu-west-1"
  services    = ["orders", "shop"]
}

run "one_for_each_service" {
  command = plan

  assert {
    condition     = toset([for repository in aws_ecr_repository.this : repository.name]) == toset(["lockgate/orders", "lockgate/shop"])
    error_message = "Each service has a repository under the platform's name."
  }

  assert {
    condition     = output.repository_arns["orders"] == "arn:aws:ecr:eu-west-1:555555555555:repository/lockgate/orders"
    error_message = "The ARN is the repository's."
  }

  assert {
    condition = alltrue([
      for repository in aws_ecr_repository.this :
      repository.image_tag_mutability == "IMMUTABLE"
      && one(repository.image_scanning_configuration).scan_on_push
      && one(repository.encryption_configuration).encryption_type == "KMS"
      && one(repository.encryption_configuration).kms_key == var.kms_key_arn
      && !repository.force_delete
    ])
    error_message = "Tags are immutable, pushes are scanned, images are encrypted with the key given and kept."
  }
}

run "only_untagged_images_expire" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for policy in aws_ecr_lifecycle_policy.this : [
        for rule in jsondecode(policy.policy).rules :
        rule.selection.tagStatus == "untagged" && rule.selection.countType == "sinceImagePushed"
        && rule.selection.countNumber == 14
      ]
    ]))
    error_message = "A tagged image must never expire: a rollback may need it."
  }

  assert {
    condition     = toset(keys(aws_ecr_lifecycle_policy.this)) == toset(["orders", "shop"])
    error_message = "Each repository has the rule."
  }
}

run "no_services" {
  command = plan

  variables {
    services = []
  }

  assert {
    condition     = length(aws_ecr_repository.this) == 0
    error_message = "Without services there is nothing to make."
  }
}
