namespace Netra.Pipeline.Tests.Crash;

/// <summary>Asks for the ledger over and over, and complains of every one that does not add up. One thread at a time.</summary>
/// <param name="read">Asks for the account of a user, or of all when null.</param>
/// <param name="journal">Is told what is wrong.</param>
internal sealed class LedgerAuditor(Func<ServerLife, string?, Task<LedgerAnswer>> read, Journal journal)
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
        catch (Exception exception) when (life.IsEnding && exception is HttpRequestException or IOException or OperationCanceledException
            or System.Net.Sockets.SocketException)
        {
            // Cut off with everybody else.
        }
    }

    public async Task SampleAsync(ServerLife life)
    {
        var ledger = await read(life, null);
        Samples++;
        Last = ledger;
        var sum = ledger.Acknowledged + ledger.Pending + ledger.Expired + ledger.DeadLettered + ledger.Unaccounted;
        if (ledger.Unaccounted != 0 || ledger.Accepted != sum)
        {
            journal.Violation($"Life {life.Number}: the ledger does not add up: {ledger}.");
        }
    }

    /// <summary>Complains when a user's account is not what a client that has read and acknowledged all that is kept has seen.</summary>
    public async Task CompareAsync(ServerLife life, ReaderClient fresh)
    {
        var (account, stored) = (await read(life, fresh.UserId), fresh.Protocol.Handled.Count);
        if (account != new LedgerAnswer(stored, stored, Pending: 0, Expired: 0, DeadLettered: 0, Unaccounted: 0))
        {
            journal.Violation(
                $"Life {life.Number}: {stored} events are stored for {fresh.UserId}, and all are acknowledged, "
                + $"but the ledger says {account}.");
        }
    }
}
