namespace Windows;

/// <summary>What is measured.</summary>
/// <param name="Events">How many records the topic holds.</param>
/// <param name="Users">How many users, each as often as any other.</param>
/// <param name="PerSecond">How many records span a second of event time.</param>
/// <param name="Partitions">The topic's partitions.</param>
/// <param name="Rounds">How often each contender runs; they take turns.</param>
/// <param name="Ten">The ten queries instead of the windows per user.</param>
/// <param name="Peers">The folder with the peers, or null: then there are none.</param>
/// <param name="Only">Only these contenders; all when there are none.</param>
/// <param name="LiveRate">Events per second of a load that is sent while the job runs, to measure latency; null to measure speed.</param>
/// <param name="LiveSeconds">How long that load lasts.</param>
/// <param name="LiveHttp">Whether results are kept in the table too, and read over HTTP.</param>
/// <param name="RecoveryKeys">Keys in open windows, to measure recovery; null to measure speed.</param>
internal sealed record Settings(
    long Events, int Users, int PerSecond, int Partitions, int Rounds, bool Ten, string? Peers, IReadOnlyList<string> Only, int? LiveRate, int LiveSeconds, bool LiveHttp, int? RecoveryKeys);
