using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace StreamJobs.Checkpoints;

/// <summary>Which of the tables and views in the database were made by which statements, and are there still.</summary>
internal sealed class SchemaDigests
{
    private readonly NpgsqlConnection _connection;
    private readonly string _schema;
    private readonly Dictionary<string, string> _digests = new(StringComparer.Ordinal);

    private SchemaDigests(NpgsqlConnection connection, string schema) => (_connection, _schema) = (connection, schema);

    public static async Task<SchemaDigests> ReadAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        var all = new SchemaDigests(connection, schema);
        await using var command = new NpgsqlCommand($"""
            create table if not exists {schema}.job_schema (thing text primary key, digest text not null);
            select thing, digest from {schema}.job_schema where thing = 'tables' or to_regclass('{schema}.' || quote_ident(thing)) is not null
            """, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            all._digests.Add(reader.GetString(0), reader.GetString(1));
        return all;
    }

    /// <summary>Whether a thing was made by these statements.</summary>
    public bool IsCurrent(string thing, string statements) => _digests.GetValueOrDefault(thing) == Digest(statements);

    /// <summary>Writes down what a thing was made by.</summary>
    public async Task SetAsync(string thing, string statements, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            $"insert into {_schema}.job_schema (thing, digest) values ($1, $2) on conflict (thing) do update set digest = excluded.digest", _connection)
        {
            Parameters = { new() { Value = thing }, new() { Value = Digest(statements) } },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string Digest(string statements) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(statements)));
}
