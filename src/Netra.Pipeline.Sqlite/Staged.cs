namespace Netra.Pipeline.Sqlite;

/// <summary>A state that changes with the writer's transaction. Only the writer may use it.</summary>
/// <param name="state">The state at the beginning, as the database has it.</param>
internal abstract class Staged<TState>(TState state) : IStaged
    where TState : struct
{
    private TState _kept = state;
    private TState _now = state;

    /// <summary>Whether it is among the transaction's changes.</summary>
    public bool IsChanging { get; private set; }

    /// <summary>As it is within the transaction.</summary>
    public ref readonly TState Now => ref _now;

    /// <summary>As it was at the last commit.</summary>
    public ref readonly TState Kept => ref _kept;

    /// <summary>The state, to be changed within the transaction.</summary>
    public ref TState Change(List<IStaged> changes)
    {
        if (!IsChanging)
        {
            IsChanging = true;
            changes.Add(this);
        }

        return ref _now;
    }

    public void Keep()
    {
        OnKeeping();
        (_kept, IsChanging) = (_now, false);
    }

    public void Undo()
    {
        OnUndoing();
        (_now, IsChanging) = (_kept, false);
    }

    /// <summary>Now becomes the truth.</summary>
    protected virtual void OnKeeping()
    {
    }

    /// <summary>What was kept is the truth again.</summary>
    protected virtual void OnUndoing()
    {
    }
}

/// <summary>
/// What the writer knows of the database in memory, and changes with a transaction: both come true together, or neither does.
/// </summary>
internal interface IStaged
{
    /// <summary>The transaction is committed.</summary>
    void Keep();

    /// <summary>The transaction is rolled back.</summary>
    void Undo();
}
