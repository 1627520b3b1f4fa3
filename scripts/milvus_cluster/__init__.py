"""What scripts/cluster-test does: a Milvus cluster on this machine, whose nodes are killed while our backend works."""
