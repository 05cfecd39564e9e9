using Testing.Kafka;
using Testing.Registry;

[assembly: AssemblyFixture(typeof(KafkaBrokers))]
[assembly: AssemblyFixture(typeof(RegistryServer))]
