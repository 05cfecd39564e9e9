using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace StreamJobs.Checkpoints;

/// <summary>
/// Which statements made the tables and views in the database, as long as they are as those left them: not where one was dropped since, or a view replaced by another version of the program.
/// </summary>
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
            create table if not exists {schema}.job_schema (thing text primary key, digest text not null, left_as text not null);
            select thing, digest from {schema}.job_schema where left_as = {LeftAs(schema, "thing")}
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
        await using var command = new NpgsqlCommand($"""
            insert into {_schema}.job_schema (thing, digest, left_as) values ($1, $2, {LeftAs(_schema, "$1")})
            on conflict (thing) do update set digest = excluded.digest, left_as = excluded.left_as
            """, _connection)
        {
            Parameters = { new() { Value = thing }, new() { Value = Digest(statements) } },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>What the database has of a thing: of the tables, their names and their indexes'; of a view, its definition.</summary>
    private static string LeftAs(string schema, string thing) => $"""
        case when {thing} = 'tables' then (select md5(string_agg(relname, ',' order by relname)) from pg_class where relnamespace = '{schema}'::regnamespace and relname like 'job\_%')
        else md5(pg_get_viewdef(to_regclass('{schema}.' || quote_ident({thing})))) end
        """;

    private static string Digest(string statements) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(statements)));
}
