using Netra.Pipeline.Events;
using Netra.Pipeline.Failures;

namespace Netra.Pipeline.Peers.Netra;

/// <summary>Tells of connections. An observer must not wait, nor need anything that emits.</summary>
internal sealed class PresenceObserver(UserPresence presence) : IPipelineObserver
{
    public void OnConnection(in ObservedConnection observed)
    {
        // The pipeline's own connections, with which it tries itself.
        if (observed.UserId.StartsWith('$'))
        {
            return;
        }

        if (observed.EndReason is null)
        {
            presence.OnOpened(observed.UserId, observed.ConnectionId);
        }
        else
        {
            presence.OnEnded(observed.UserId, observed.ConnectionId);
        }
    }

    public void OnEvent(in ObservedEvent observed)
    {
        // The series has tokens only.
    }

    public void OnFailure(Failure failure)
    {
        // The pipeline logs them.
    }
}
