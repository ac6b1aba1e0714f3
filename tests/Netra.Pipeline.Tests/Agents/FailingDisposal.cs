namespace Netra.Pipeline.Tests.Agents;

/// <summary>An agent's answer whose disposal fails.</summary>
internal sealed class FailingDisposal(int pieces, Exception? failure) : IAsyncEnumerable<string>, IAsyncEnumerator<string>
{
    private int _left = pieces;

    public string Current => "a";

    public IAsyncEnumerator<string> GetAsyncEnumerator(CancellationToken cancellationToken = default) => this;

    public ValueTask<bool> MoveNextAsync()
        => _left-- > 0 ? new(true) : failure is null ? new(false) : ValueTask.FromException<bool>(failure);

    public ValueTask DisposeAsync() => ValueTask.FromException(new FormatException("disposal"));
}
