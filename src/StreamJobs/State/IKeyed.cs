namespace StreamJobs.State;

/// <summary>State by key, as <see cref="KeptKeys{TEntry}"/> writes it down.</summary>
/// <typeparam name="TEntry">What names a key quickest.</typeparam>
internal interface IKeyed<TEntry>
{
    /// <summary>How many keys there are.</summary>
    int Count { get; }

    /// <summary>The keys of the buckets that are wanted.</summary>
    IEnumerable<TEntry> EntriesIn(Func<int, bool> isWanted);

    /// <summary>The key.</summary>
    string KeyOf(TEntry entry);

    /// <summary><see cref="KeyHash.BucketOf"/> of the key.</summary>
    int BucketOf(TEntry entry);

    /// <summary>Writes what a key has.</summary>
    /// <returns>False when it has nothing: nothing was written.</returns>
    bool Write(TEntry entry, StateWriter writer);
}

/// <summary>State by key where nothing names a key quicker than itself.</summary>
internal interface IKeyed : IKeyed<string>
{
    string IKeyed<string>.KeyOf(string entry) => entry;

    int IKeyed<string>.BucketOf(string entry) => KeyHash.BucketOf(entry);
}
