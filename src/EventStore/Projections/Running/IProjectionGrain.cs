namespace EventStore.Projections.Running;

/// <summary>Runs one projection or subscriber, by name: one activation in the cluster, on whichever silo it lands.</summary>
[Alias("eventstore.projection")]
internal interface IProjectionGrain : IGrainWithStringKey
{
    /// <summary>Looks at what the store says must run, and runs it. Called regularly, and after each act of an operator.</summary>
    [Alias("refresh")]
    Task RefreshAsync();
}
