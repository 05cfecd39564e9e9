namespace EventStore.Projections.Running;

/// <summary>The cluster's single owner of a projection's runners. If two ever run, after a silo was declared dead too early, the checkpoint lets one win.</summary>
internal sealed class ProjectionGrain(ProjectionRunnersFactory runners) : Grain, IProjectionGrain
{
    private ProjectionRunners? _runners;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _runners = runners.Create(this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    public Task RefreshAsync() => _runners!.RefreshAsync(CancellationToken.None);

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_runners is not null)
            await _runners.DisposeAsync();
    }
}
