namespace Netra.Pipeline.Tests.Infrastructure;

/// <summary>The logs of the product.</summary>
internal enum KindOfLog
{
    /// <summary>In memory.</summary>
    Memory,

    /// <summary>On disk, in a folder of the host's own.</summary>
    Sqlite,
}
