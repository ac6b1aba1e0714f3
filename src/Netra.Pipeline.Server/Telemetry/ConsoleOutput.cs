using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Netra.Pipeline.Diagnostics;

namespace Netra.Pipeline.Server.Telemetry;

/// <summary>
/// Standard output that nobody has to wait for: what is written goes into a bounded buffer, and a thread of its own hands it on. When
/// whoever should read it does not, a pipe takes 64 KiB and then blocks; with it would block every log line of the server, and its stop.
/// Here what finds no room is dropped, counted, and told once there is room again.
/// </summary>
/// <remarks>
/// Safe to use from any thread; the lock guards the buffer. The thread alone writes to the stream, and is left
/// behind when the process ends.
/// </remarks>
internal sealed partial class ConsoleOutput : TextWriter
{
    private const string BytesKey = "Netra:Logging:BufferBytes";
    private const int StandardOutput = 1;
    private const int DefaultBytes = 4 * 1024 * 1024;
    private const int MinBytes = 64 * 1024;
    private const int MaxBytes = 1024 * 1024 * 1024;
    private const int LinuxWouldBlock = 11;
    private const int MacWouldBlock = 35;

    // A pipe takes as many bytes as a whole, or none (PIPE_BUF).
    private const int BytesAtOnce = 4096;

    // A full pipe that does not block (whoever shares it may have set that) is asked again so soon.
    private static readonly TimeSpan FullPause = TimeSpan.FromMilliseconds(20);

    // A reader that is there takes megabytes in that time; one that is not must not hold the end of the process.
    private static readonly TimeSpan LastPatience = TimeSpan.FromMilliseconds(250);

    private readonly Stream _output;
    private readonly TimeSpan _lastPatience;
    private readonly object _gate = new();
    private readonly Queue<byte[]> _waiting = new();
    private ILogger? _logger;
    private long _limit = DefaultBytes;
    private long _bytes;
    private long _dropped;
    private long _told;
    private bool _isEnding;
    private bool _hasEnded;

    /// <param name="output">Where to.</param>
    public ConsoleOutput(Stream output)
        : this(output, LastPatience)
    {
    }

    /// <param name="output">Where to.</param>
    /// <param name="lastPatience">How long the end waits for what has not been handed on.</param>
    internal ConsoleOutput(Stream output, TimeSpan lastPatience)
    {
        _output = output;
        _lastPatience = lastPatience;
        new Thread(Run) { IsBackground = true, Name = "console output" }.Start();
    }

    public override Encoding Encoding { get; } = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    /// <summary>How many pieces, a log entry each, were dropped.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Takes the place of the console's output.</summary>
    public static ConsoleOutput Take()
    {
        var output = new ConsoleOutput(OpenStandardOutput());
        Console.SetOut(output);
        return output;
    }

    // The console's own stream takes a lock around each write that whoever writes to Console.Out needs as well.
    private static Stream OpenStandardOutput()
    {
        try
        {
            return OperatingSystem.IsWindows()
                ? Console.OpenStandardOutput()
                : new FileStream(new SafeFileHandle(StandardOutput, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // A process may be started without one.
            return Stream.Null;
        }
    }

    /// <summary>Sets how much may wait.</summary>
    /// <exception cref="ConfigurationException">The configuration says something that is not allowed.</exception>
    public void Configure(IConfiguration configuration)
    {
        if (configuration[BytesKey] is { Length: > 0 } text)
        {
            _limit = int.TryParse(text, out var bytes) && bytes is >= MinBytes and <= MaxBytes
                ? bytes
                : throw new ConfigurationException($"{BytesKey} is '{text}'; it must be from {MinBytes} to {MaxBytes}.");
        }
    }

    /// <summary>Says from here on what is dropped.</summary>
    public void TellOf(ILoggerFactory loggers, IMeterFactory meters)
    {
        meters.Create(PipelineMeter.Name).CreateObservableCounter(
            "netra.telemetry.dropped_log_entries",
            () => Dropped,
            "{entry}",
            "Log entries that were dropped, since nobody read standard output.");
        Volatile.Write(ref _logger, loggers.CreateLogger<ConsoleOutput>());
    }

    public override void Write(char value) => Add(value.ToString());

    public override void Write(char[] buffer, int index, int count) => Add(new string(buffer, index, count));

    public override void Write(string? value) => Add(value);

    public override void WriteLine(string? value) => Add(value + NewLine);

    /// <summary>Hands on what waits, as far as somebody takes it soon.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            lock (_gate)
            {
                _isEnding = true;
                Monitor.PulseAll(_gate);

                // Whether it is done by then or not, the process ends. Whoever still writes wakes this, too.
                var begun = TimeProvider.System.GetTimestamp();
                while (!_hasEnded && _lastPatience - TimeProvider.System.GetElapsedTime(begun) is var left && left > TimeSpan.Zero)
                {
                    Monitor.Wait(_gate, left);
                }
            }
        }

        base.Dispose(disposing);
    }

    private void Add(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return;
        }

        var piece = Encoding.GetBytes(text);
        lock (_gate)
        {
            if (_bytes + piece.Length > _limit)
            {
                Interlocked.Increment(ref _dropped);
                return;
            }

            _waiting.Enqueue(piece);
            _bytes += piece.Length;
            Monitor.PulseAll(_gate);
        }
    }

    private void Run()
    {
        try
        {
            while (Next() is { } piece)
            {
                HandOn(piece);
                lock (_gate)
                {
                    _bytes -= piece.Length;
                }

                Tell();
            }

            _output.Flush();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Nobody holds the other end any more; what comes from now on fills the buffer and is counted.
        }
        finally
        {
            lock (_gate)
            {
                _hasEnded = true;
                Monitor.PulseAll(_gate);
            }
        }
    }

    private void HandOn(ReadOnlySpan<byte> piece)
    {
        while (!piece.IsEmpty)
        {
            var part = piece[..Math.Min(piece.Length, BytesAtOnce)];
            try
            {
                _output.Write(part);
                piece = piece[part.Length..];
            }
            catch (IOException exception) when ((exception.HResult & 0xffff) is LinuxWouldBlock or MacWouldBlock)
            {
                lock (_gate)
                {
                    Monitor.Wait(_gate, FullPause);
                }
            }
        }
    }

    private byte[]? Next()
    {
        lock (_gate)
        {
            while (_waiting.Count == 0 && !_isEnding)
            {
                Monitor.Wait(_gate);
            }

            return _waiting.TryDequeue(out var piece) ? piece : null;
        }
    }

    // One line for all that was dropped since the last one.
    private void Tell()
    {
        if (Dropped is var dropped && dropped != _told && Volatile.Read(ref _logger) is { } logger)
        {
            Log.Dropped(logger, dropped - _told);
            _told = dropped;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            ServerEventIds.LogEntriesDropped,
            LogLevel.Warning,
            "{Entries} log entries were dropped, since nobody read standard output (Netra:Logging:BufferBytes)",
            EventName = nameof(ServerEventIds.LogEntriesDropped))]
        public static partial void Dropped(ILogger logger, long entries);
    }
}
