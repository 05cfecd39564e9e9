using Testing.Postgres;

[assembly: AssemblyFixture(typeof(PostgresServer))]
