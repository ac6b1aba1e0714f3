namespace Netra.Pipeline.Load.Scenarios;

/// <summary>Who makes the events of a run.</summary>
internal enum EventSource
{
    /// <summary>The harness publishes them over one long HTTP request of many lines for each publisher.</summary>
    Ndjson,

    /// <summary>The harness publishes them over HTTP, one a request.</summary>
    Single,

    /// <summary>The server makes them by itself, for whoever connects.</summary>
    Server,

    /// <summary>Nobody: connections are only held.</summary>
    None,
}
