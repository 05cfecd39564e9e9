namespace Windows;

/// <summary>What every contender is given.</summary>
/// <param name="Bootstrap">The broker.</param>
/// <param name="Topic">The topic with the records.</param>
/// <param name="Events">How many there are.</param>
internal sealed record Contest(string Bootstrap, string Topic, long Events);
