"""The contract on the wire: what each topic carries. Knows no Kafka client and no Faust."""
