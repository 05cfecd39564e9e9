using StreamJobs.State;

namespace StreamJobs.Columns;

/// <summary>
/// One aggregate of a job, for many keys: a key's value stands at the key's slot, as in an array. A record is first evaluated and prepared by all
/// columns and then committed to all, so one that makes the job's code throw leaves no half of itself behind.
/// </summary>
internal abstract class Column
{
    /// <summary>Its kind and the types that it keeps, not that of the records.</summary>
    public string Shape
    {
        get
        {
            var (type, kept) = (GetType(), GetType().GetGenericArguments().Skip(1).Select(StateContract.Of));
            return $"{type.Name.Split('`')[0]}({string.Join(", ", kept)})";
        }
    }

    /// <summary>Makes room for slots below a number.</summary>
    public abstract void Grow(int capacity);

    /// <summary>Makes a slot what it is for no record.</summary>
    public abstract void Clear(int slot);

    /// <summary>Adds another column's slot, of the same aggregate, to a slot.</summary>
    public abstract void Merge(int slot, Column other, int otherSlot);

    public abstract void Write(StateWriter writer, int slot);

    /// <summary>Sets a cleared slot to what was written.</summary>
    public abstract void Read(ref StateReader reader, int slot);

    /// <summary>A new column of the same aggregate, without slots.</summary>
    public abstract Column CreateEmpty();
}

/// <summary>A column that takes records of a type.</summary>
internal abstract class Column<T> : Column
{
    /// <summary>Calls the job's code for a record; what it gives waits for <see cref="Commit"/>.</summary>
    public abstract void Evaluate(in T record);

    /// <summary>Whether adding may throw: then <see cref="Prepare"/> is called before any column's <see cref="Commit"/>.</summary>
    public virtual bool MayRefuse => false;

    /// <summary>Works out what <see cref="Commit"/> will store.</summary>
    public virtual void Prepare(int slot)
    {
    }

    /// <summary>Adds what was evaluated last. Never throws.</summary>
    public abstract void Commit(int slot);
}
