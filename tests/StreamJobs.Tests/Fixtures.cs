using Testing.Kafka;
using Testing.Postgres;

[assembly: AssemblyFixture(typeof(PostgresServer))]
[assembly: AssemblyFixture(typeof(KafkaBrokers))]
