using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Load.Costs;

/// <summary>
/// What strace counts in all threads of a process. It makes calls slow, so it says how many there are and nothing about time. Disposing
/// ends it; the process goes on.
/// </summary>
internal sealed class SystemCalls : IDisposable
{
    private readonly string _file = Path.GetTempFileName();
    private readonly Process _strace;

    private SystemCalls(int processId)
    {
        try
        {
            _strace = Process.Start(
                new ProcessStartInfo("strace", ["-f", "-c", "-U", "calls,name", "-o", _file, "-p", $"{processId}"])
                {
                    UseShellExecute = false,
                    RedirectStandardError = true,
                })!;
        }
        catch (Win32Exception exception)
        {
            throw new AssertionException("strace is a package of Debian, which tests/run.sh installs.", exception);
        }
    }

    /// <summary>Begins to count. The test is ignored where no process may look into another one.</summary>
    public static async Task<SystemCalls> CountAsync(int processId)
    {
        var calls = new SystemCalls(processId);
        var said = new List<string>();
        using var patience = new CancellationTokenSource(TestClient.Patience);
        while (await calls._strace.StandardError.ReadLineAsync(patience.Token) is { } line)
        {
            said.Add(line);
            if (line.Contains(" attached", StringComparison.Ordinal))
            {
                return calls;
            }
        }

        calls.Dispose();
        Assert.That(said, Has.Some.Contain("Operation not permitted"), "nothing else may keep it from counting");
        throw new IgnoreException($"No process may be traced here: {string.Join(' ', said)}");
    }

    /// <summary>Stops, and lets the process go.</summary>
    /// <returns>How often each was called; 0 for what was not.</returns>
    public async Task<Func<string, long>> StopAsync()
    {
        using var patience = new CancellationTokenSource(TestClient.Patience);
        using var kill = Process.Start("kill", ["-INT", $"{_strace.Id}"]);
        await _strace.StandardError.ReadToEndAsync(patience.Token);
        await _strace.WaitForExitAsync(patience.Token);
        var table = await File.ReadAllTextAsync(_file, patience.Token);
        TestContext.Out.WriteLine(table);
        var counts = table.Split('\n')
            .Select(static line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(static columns => columns.Length == 2 && char.IsAsciiDigit(columns[0][0]))
            .ToDictionary(
                static columns => columns[1],
                static columns => long.Parse(columns[0], CultureInfo.InvariantCulture),
                StringComparer.Ordinal);
        return name => counts.GetValueOrDefault(name);
    }

    public void Dispose()
    {
        if (!_strace.HasExited)
        {
            _strace.Kill();
        }

        _strace.Dispose();
        File.Delete(_file);
    }
}
