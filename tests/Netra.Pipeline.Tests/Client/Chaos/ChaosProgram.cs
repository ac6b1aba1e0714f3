using System.Diagnostics;
using System.Text.Json;

namespace Netra.Pipeline.Tests.Client.Chaos;

/// <summary>
/// A program of another language that takes part in the chaos: it goes on until its standard input ends, and then says, in lines of JSON,
/// what
/// it has seen. Disposing kills it.
/// </summary>
internal sealed class ChaosProgram : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _errors;

    public ChaosProgram(string program, params IEnumerable<string> arguments)
    {
        _process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _output = _process.StandardOutput.ReadToEndAsync();
        _errors = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>Says that it is over, with a last word, and takes what it says then.</summary>
    public async Task<IReadOnlyList<JsonElement>> EndAsync(string word, TimeSpan patience)
    {
        if (word.Length > 0)
        {
            await _process.StandardInput.WriteLineAsync(word);
        }

        _process.StandardInput.Close();
        var output = await _output.WaitAsync(patience, TimeProvider.System);
        await _process.WaitForExitAsync().WaitAsync(patience, TimeProvider.System);
        var errors = await _errors;
        Assert.That(_process.ExitCode, Is.Zero, errors);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonElement.Parse(line))];
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
