namespace Netra.Pipeline.Client;

/// <summary>The ids of what the client logs: 2200 to 2299, never reused.</summary>
internal static class ClientEventIds
{
    /// <summary>A connection is up.</summary>
    public const int Connected = 2200;

    /// <summary>A connection could not be made, or has ended, and another one is made.</summary>
    public const int Reconnecting = 2201;

    /// <summary>Reading has ended for good.</summary>
    public const int Failed = 2202;

    /// <summary>Numbers will not come.</summary>
    public const int EventsLost = 2203;

    /// <summary>The server has another history.</summary>
    public const int HistoryReset = 2204;

    /// <summary>The application handles events slower than they come.</summary>
    public const int Behind = 2205;

    /// <summary>The server has sent what it should not have.</summary>
    public const int ServerFault = 2206;

    /// <summary>A run is over and not whole.</summary>
    public const int RunIncomplete = 2207;

    /// <summary>A new token could not be had.</summary>
    public const int TokenFailed = 2208;

    /// <summary>The server stops, and has asked to connect elsewhere.</summary>
    public const int AskedToLeave = 2209;

    /// <summary>A publisher's request is open.</summary>
    public const int PublisherConnected = 2220;

    /// <summary>A publisher's request could not be opened, or has ended, and another one is opened.</summary>
    public const int PublisherReconnecting = 2221;

    /// <summary>Publishing has ended for good.</summary>
    public const int PublisherFailed = 2222;

    /// <summary>The server has refused an event for good.</summary>
    public const int EventRejected = 2223;

    /// <summary>The server refuses events for the time being.</summary>
    public const int EventPostponed = 2224;

    /// <summary>The handler of commands has failed.</summary>
    public const int CommandFailed = 2225;

    /// <summary>Nobody takes a command.</summary>
    public const int CommandNotTaken = 2226;
}
