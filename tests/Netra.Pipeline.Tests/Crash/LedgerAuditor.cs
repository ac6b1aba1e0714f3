namespace Netra.Pipeline.Tests.Crash;

/// <summary>Asks for the ledger over and over, and complains of every one that does not add up. One thread at a time.</summary>
/// <param name="read">Asks for it.</param>
/// <param name="journal">Is told what is wrong.</param>
internal sealed class LedgerAuditor(Func<ServerLife, Task<LedgerAnswer?>> read, Journal journal)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    public int Samples { get; private set; }

    /// <summary>The last one that was seen.</summary>
    public LedgerAnswer? Last { get; private set; }

    public async Task RunAsync(ServerLife life)
    {
        try
        {
            while (!life.Over.IsCancellationRequested)
            {
                await SampleAsync(life);
                await Task.Delay(Pause, TimeProvider.System);
            }
        }
        catch (Exception exception) when (life.IsEnding && exception is HttpRequestException or IOException or OperationCanceledException)
        {
            // Cut off with everybody else.
        }
    }

    public async Task SampleAsync(ServerLife life)
    {
        if (await read(life) is not { } ledger)
        {
            return;
        }

        Samples++;
        Last = ledger;
        var sum = ledger.Acknowledged + ledger.Pending + ledger.Expired + ledger.DeadLettered + ledger.Unaccounted;
        if (ledger.Unaccounted != 0 || ledger.Accepted != sum)
        {
            journal.Violation($"Life {life.Number}: the ledger does not add up: {ledger}.");
        }
    }
}
