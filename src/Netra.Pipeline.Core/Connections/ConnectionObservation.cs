using Netra.Pipeline.Events;
using Netra.Pipeline.Gate;
using Netra.Pipeline.Protocol;

namespace Netra.Pipeline.Connections;

/// <summary>Announces connections that open and end: tells new ones of an emergency, and observers of both. Safe from any thread.</summary>
internal sealed class ConnectionObservation(
    PipelineObservation observation, EmergencyMode emergency, IEnumerable<ConnectionObserver> observers)
{
    private readonly ConnectionObserver[] _observers = [.. observers];

    public void OnOpened(Connection connection)
    {
        if (emergency.Notice is { } notice)
        {
            connection.Tell(notice);
        }

        foreach (var observer in _observers)
        {
            observer.OnOpened(connection);
        }

        if (observation.HasObservers)
        {
            observation.OnConnection(new ObservedConnection(connection.Id, connection.UserKey, connection.Transport, EndReason: null));
        }
    }

    public void OnEnded(Connection connection, ConnectionEndReason reason)
    {
        foreach (var observer in _observers)
        {
            observer.OnEnded(connection, reason);
        }

        if (observation.HasObservers)
        {
            observation.OnConnection(new ObservedConnection(connection.Id, connection.UserKey, connection.Transport, reason));
        }
    }
}

/// <summary>
/// Is told of each connection that opens and ends, on the thread on which it happens, under no lock. It must be quick, and must not throw.
/// </summary>
internal abstract class ConnectionObserver
{
    /// <summary>A connection has opened.</summary>
    public abstract void OnOpened(Connection connection);

    /// <summary>A connection has ended, for a reason.</summary>
    public abstract void OnEnded(Connection connection, ConnectionEndReason reason);
}
