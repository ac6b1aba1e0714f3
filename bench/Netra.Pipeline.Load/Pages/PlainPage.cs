using System.Globalization;
using Netra.Pipeline.Load.Checks;
using Netra.Pipeline.Load.Clients;

namespace Netra.Pipeline.Load.Pages;

/// <summary>A page of a server that sends events by itself, as text messages, and without numbers: their times are their order.</summary>
/// <param name="run">What all pages share.</param>
/// <param name="index">Which page of the run it is, from 0.</param>
internal class PlainPage(PageRun run, int index) : LoadPage(run, index)
{
    public override string Where => string.Create(CultureInfo.InvariantCulture, $"connection {Index}");

    /// <summary>The handshake's target, below the path of the target's URL.</summary>
    protected virtual string Path => string.Empty;

    public override ClientAddress NextAddress()
        => Run.Target.Address(Index, Index, Run.Target.Url.AbsolutePath.TrimEnd('/') + (Path.Length > 0 ? Path : "/"), subprotocol: null);

    public override void OnOpened(WebSocketClient client)
    {
        base.OnOpened(client);
        Open();
    }

    public override void OnMessage(WebSocketClient client, ReadOnlySpan<byte> message, long now) => Count(message, now);

    public override void Complete()
    {
        if (Run.ServerEvents > 0 && Received != Run.ServerEvents)
        {
            Run.Findings.Add(
                Received < Run.ServerEvents ? FindingKind.Lost : FindingKind.Duplicated,
                Where,
                $"{Received} of {Run.ServerEvents} events came",
                Math.Abs(Run.ServerEvents - Received));
        }
    }
}
