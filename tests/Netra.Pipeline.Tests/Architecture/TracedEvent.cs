using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Netra.Pipeline.Tests.Architecture;

/// <summary>
/// Where an event passes, by the stacks at the ends of its legs: when the log is given it, when its frame is flushed to the transport, when
/// the log tells that it is stored, when the publisher is answered, and when its acknowledgement is told. A stack has the callers only;
/// what was called and has returned is not the way.
/// </summary>
internal sealed partial class TracedEvent
{
    private readonly Lock _gate = new();
    private volatile bool _isOn;
    private readonly Dictionary<string, List<IReadOnlyList<string>>> _legs = new(StringComparer.Ordinal);

    /// <summary>The longest way of a leg that was seen: what waits in between leaves its callers behind.</summary>
    public IReadOnlyList<string> FilesOf(string leg)
    {
        lock (_gate)
        {
            return _legs.TryGetValue(leg, out var seen) ? seen.MaxBy(static files => files.Count)! : [];
        }
    }

    /// <summary>
    /// Traces from here on. The first event of a user has the stream loaded and the run looked up, and goes on from where that ends.
    /// </summary>
    public void Begin() => _isOn = true;

    /// <summary>Takes the stack of the caller.</summary>
    /// <param name="leg">The leg that ends here.</param>
    /// <param name="through">What it must have passed, since other things end here too.</param>
    public void Reached(string leg, string through = "")
    {
        if (!_isOn)
        {
            return;
        }

        var files = new StackTrace(fNeedFileInfo: true).GetFrames().Reverse()
            .Select(static frame => SourceFile().Match((frame.GetFileName() ?? string.Empty).Replace('\\', '/')))
            .Where(static match => match.Success)
            .Select(static match => match.Groups[1].Value)
            .Distinct(StringComparer.Ordinal)
            .ToList();
        if (!files.Exists(file => file.Contains(through, StringComparison.Ordinal)))
        {
            return;
        }

        lock (_gate)
        {
            if (!_legs.TryGetValue(leg, out var seen))
            {
                _legs.Add(leg, seen = []);
            }

            seen.Add(files);
        }
    }

    [GeneratedRegex(@"/(src/Netra\.Pipeline[^/]*/.*\.cs)$")]
    private static partial Regex SourceFile();
}
