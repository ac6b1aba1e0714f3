using System.Text.Json;

namespace Netra.Pipeline.BrowserTests;

/// <summary>The commands of a publisher, as lines that come when there are some.</summary>
internal sealed class CommandLines(HttpResponseMessage response) : IDisposable
{
    private StreamReader? _reader;

    public void Dispose()
    {
        _reader?.Dispose();
        response.Dispose();
    }

    /// <summary>Waits for a command and returns its id. Others are passed over: the server may give one again.</summary>
    public async Task<string> NextAsync(string command)
    {
        _reader ??= new StreamReader(await response.Content.ReadAsStreamAsync());
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await _reader.ReadLineAsync(patience.Token) is { } line)
        {
            if (line.Length > 0 && JsonDocument.Parse(line).RootElement is var read && read.GetProperty("command").GetString() == command)
            {
                return read.GetProperty("command_id").GetString()!;
            }
        }

        throw new EndOfStreamException("The server has ended the answer with the commands.");
    }
}
