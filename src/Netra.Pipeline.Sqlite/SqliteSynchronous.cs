namespace Netra.Pipeline.Sqlite;

/// <summary>What a committed event survives.</summary>
public enum SqliteSynchronous
{
    /// <summary>
    /// The end of the process, however it comes. A power failure may take the last commits with it, those before which numbers were given included; so such a number may be given again.
    /// </summary>
    Normal,

    /// <summary>A power failure too: each commit waits until the disk has it.</summary>
    Full,
}
