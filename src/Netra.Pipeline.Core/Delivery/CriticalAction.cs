namespace Netra.Pipeline.Delivery;

/// <summary>What is to be done about a critical event that nobody confirms.</summary>
internal enum CriticalAction
{
    /// <summary>Nothing yet.</summary>
    None,

    /// <summary>Send it again to those who owe its confirmation, in place.</summary>
    Redeliver,

    /// <summary>Close the connections that owe a confirmation, so that resuming sends everything again.</summary>
    Close,

    /// <summary>Its last try has failed: make a dead letter of it.</summary>
    GiveUp,
}
