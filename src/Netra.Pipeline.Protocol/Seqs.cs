using System.Runtime.CompilerServices;

namespace Netra.Pipeline.Protocol;

/// <summary>The range of numbers that every JSON reader holds exactly.</summary>
internal static class Seqs
{
    /// <summary>Makes sure that a number to be written is in its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not.</exception>
    public static void Require(long value, long min, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, min, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, ProtocolConstants.MaxSeq, name);
    }
}
