using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Crash;

/// <summary>Asks for the ledger over and over, and complains of every one that does not add up. One thread at a time.</summary>
internal sealed class LedgerAuditor(Journal journal)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public int Samples { get; private set; }

    /// <summary>The last one that was seen.</summary>
    public Ledger? Last { get; private set; }

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
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{life.Port}"), Timeout = TestClient.Patience };
        if (await Ledger.ReadAsync(http) is not { } ledger)
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
