using Testing.Kafka;
using Testing.Postgres;
using Testing.Registry;

[assembly: AssemblyFixture(typeof(PostgresServer))]
[assembly: AssemblyFixture(typeof(KafkaBrokers))]
[assembly: AssemblyFixture(typeof(RegistryServer))]
