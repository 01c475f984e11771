"""Resources that hold what cannot be made again: destroying or replacing one needs an approval of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Keeper:
    """Why a type of resource is one of these.

    Attributes:
        loses: what is gone with it.
        only: attributes with the values that make it one; empty: every one of the type is.
    """

    loses: str
    only: Mapping[str, Any] = field(default_factory=dict)


_DATA = Keeper("its data")
_DATABASE = Keeper("its databases, and the automated backups with it")
_FILES = Keeper("its files")
_CACHE = Keeper("what is cached or stored in it")
_MESSAGES = Keeper("the messages in it")
_LOGS = Keeper("the logs in it")
_SECRET = Keeper("the secret, or the versions of it")
_BY_HAND = Keeper("what people confirmed by hand")

KEEPERS: Mapping[str, Keeper] = {
    "aws_backup_logically_air_gapped_vault": Keeper("the recovery points in it"),
    "aws_backup_vault": Keeper("the recovery points in it"),
    "aws_cloudfront_key_value_store": _DATA,
    "aws_cloudtrail": Keeper("the record of what is called until there is another trail"),
    "aws_cloudtrail_event_data_store": Keeper("the recorded events"),
    "aws_cloudwatch_log_group": _LOGS,
    "aws_codeartifact_repository": Keeper("the packages in it"),
    "aws_codecommit_repository": Keeper("the commits in it"),
    "aws_codestarconnections_connection": _BY_HAND,
    "aws_cognito_user_pool": Keeper("its users"),
    "aws_db_cluster_snapshot": _DATABASE,
    "aws_db_instance": _DATABASE,
    "aws_db_snapshot": _DATABASE,
    "aws_docdb_cluster": _DATABASE,
    "aws_docdbelastic_cluster": _DATABASE,
    "aws_dsql_cluster": _DATABASE,
    "aws_dynamodb_global_table": _DATA,
    "aws_dynamodb_table": Keeper("its items, releases among them where it is the ledger"),
    "aws_dynamodb_table_replica": _DATA,
    "aws_ebs_snapshot": _DATA,
    "aws_ebs_volume": _DATA,
    "aws_ecr_repository": Keeper("its images, to which no roll-back can go then"),
    "aws_ecrpublic_repository": Keeper("its images"),
    "aws_efs_file_system": _FILES,
    "aws_elasticache_cluster": _CACHE,
    "aws_elasticache_replication_group": _CACHE,
    "aws_elasticache_serverless_cache": _CACHE,
    "aws_elasticsearch_domain": _DATA,
    "aws_fsx_lustre_file_system": _FILES,
    "aws_fsx_ontap_file_system": _FILES,
    "aws_fsx_ontap_volume": _FILES,
    "aws_fsx_openzfs_file_system": _FILES,
    "aws_fsx_openzfs_volume": _FILES,
    "aws_fsx_windows_file_system": _FILES,
    "aws_glacier_vault": _FILES,
    "aws_keyspaces_table": _DATA,
    "aws_kinesis_stream": _MESSAGES,
    "aws_kms_external_key": Keeper("everything that is encrypted with it"),
    "aws_kms_key": Keeper("everything that is encrypted with it"),
    "aws_kms_replica_external_key": Keeper("everything that is encrypted with it in this region"),
    "aws_kms_replica_key": Keeper("everything that is encrypted with it in this region"),
    "aws_memorydb_cluster": _CACHE,
    "aws_mq_broker": _MESSAGES,
    "aws_msk_cluster": _MESSAGES,
    "aws_msk_serverless_cluster": _MESSAGES,
    "aws_neptune_cluster": _DATABASE,
    "aws_opensearch_domain": _DATA,
    "aws_opensearchserverless_collection": _DATA,
    "aws_qldb_ledger": _DATA,
    "aws_rds_cluster": _DATABASE,
    "aws_redshift_cluster": _DATABASE,
    "aws_redshiftserverless_namespace": _DATABASE,
    "aws_route53_zone": Keeper("its records and name servers, which the parent zone names"),
    "aws_s3_bucket": Keeper("its objects with all versions, and its name, which anybody may take then"),
    "aws_s3_directory_bucket": Keeper("its objects"),
    "aws_s3tables_table": _DATA,
    "aws_s3tables_table_bucket": _DATA,
    "aws_secretsmanager_secret": _SECRET,
    "aws_secretsmanager_secret_version": _SECRET,
    "aws_simpledb_domain": _DATA,
    "aws_sns_topic": Keeper("its subscriptions, which people confirmed by hand"),
    "aws_sqs_queue": _MESSAGES,
    "aws_ssm_parameter": Keeper("the secret", {"type": "SecureString"}),
    "aws_timestreamwrite_table": _DATA,
}
"""By type of the provider hashicorp/aws. What Terraform makes again as it was is not here: policies, alarms,
roles, functions, whose code is in the artifact store."""


def lost_with(resource_type: str, values: Mapping[str, Any] | None) -> str | None:
    """What is lost when a resource of a type is destroyed; None where it is made again as it was.

    Args:
        resource_type: such as aws_s3_bucket.
        values: its attributes before.
    """
    keeper = KEEPERS.get(resource_type)
    if keeper is None:
        return None
    found = values or {}
    fits = all(found.get(name, value) == value for name, value in keeper.only.items())
    return keeper.loses if fits else None
