using Microsoft.AspNetCore.SignalR;

namespace Netra.Pipeline.Peers.SignalR;

/// <summary>Whoever connects is sent the series.</summary>
internal sealed class EventHub(IHubContext<EventHub> hub, Series series, ILogger<EventHub> logger) : Hub
{
    // From outside the hub, which is gone once this has returned; and nothing that the client calls is handled before.
    public override Task OnConnectedAsync()
    {
        _ = SendAsync(hub.Clients.Client(Context.ConnectionId), Context.ConnectionAborted);
        return Task.CompletedTask;
    }

    private async Task SendAsync(ISingleClientProxy client, CancellationToken aborted)
    {
        // Not on the thread that accepts the connection.
        await Task.Yield();
        try
        {
            await series.SendAsync(
                cancellationToken => new ValueTask(client.SendAsync("event", PeerEvent.Next(), cancellationToken)), aborted);
        }
        catch (OperationCanceledException) when (aborted.IsCancellationRequested)
        {
            // The client has gone.
        }
        catch (Exception exception)
        {
            logger.LogError(exception, "The series has ended early");
        }
    }
}
