using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Sqlite;

/// <summary>Limits and delays of <see cref="SqliteEventLog"/>. Configuration section <c>Netra:Log:Sqlite</c>.</summary>
public sealed class SqliteEventLogOptions
{
    /// <summary>
    /// What retention keeps in all, in bytes of events. Range 64 KiB to 16 TiB, default 4 GiB. The file is about a
    /// fifth larger, and never shrinks.
    /// </summary>
    [Range(64L * 1024, 16L * 1024 * 1024 * 1024 * 1024)]
    public long RetainedBytes { get; set; } = 4L * 1024 * 1024 * 1024;

    /// <summary>
    /// Where the log takes no more until retention has run, in bytes of events. Range 64 KiB to 16 TiB, not below <see
    /// cref="RetainedBytes"/>; default 8 GiB. Emitters wait for room then.
    /// </summary>
    [Range(64L * 1024, 16L * 1024 * 1024 * 1024 * 1024)]
    public long MaxBytes { get; set; } = 8L * 1024 * 1024 * 1024;

    /// <summary>
    /// How many events may wait for their commit, those being committed included. Range 16 to 10,000,000, default 100,000. Emitters wait
    /// for room then.
    /// </summary>
    [Range(16, 10_000_000)]
    public int QueueEntries { get; set; } = 100_000;

    /// <summary>
    /// What the events that wait for their commit may hold together, in bytes. Range 64 KiB to 64 GiB, default 64 MiB. Emitters wait for
    /// room then.
    /// </summary>
    [Range(64L * 1024, 64L * 1024 * 1024 * 1024)]
    public long QueueBytes { get; set; } = 64L * 1024 * 1024;

    /// <summary>
    /// How many requests of other kinds (opening a stream, reading a page, …) may wait. Range 16 to 10,000,000, default 100,000.
    /// One more fails with <c>log_full</c>.
    /// </summary>
    [Range(16, 10_000_000)]
    public int QueueRequests { get; set; } = 100_000;

    /// <summary>
    /// How long an event that is not critical may wait for others to be committed with it. Range 0 to 10 s, default 100 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan TokenDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// How long a critical event, or one that a publisher waits for, may wait for others to be committed with it.
    /// Range 0 to 10 s, default 5 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:10")]
    public TimeSpan CriticalDelay { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>
    /// How often acknowledgements are saved, and where streams stand. Range 100 ms to 5 min, default 2 s. After a crash, what was
    /// acknowledged since then counts as pending.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan SaveInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How many threads read pages, each with a connection of its own. Range 1 to 8, default 2.</summary>
    [Range(1, 8)]
    public int Readers { get; set; } = 2;

    /// <summary>
    /// What a committed event survives. Default <see cref="SqliteSynchronous.Normal"/>: the end of the process, but not of the power.
    /// </summary>
    [EnumDataType(typeof(SqliteSynchronous))]
    public SqliteSynchronous Synchronous { get; set; } = SqliteSynchronous.Normal;

    /// <summary>
    /// How long a lock that another program holds on the file is waited for, before it is a failure. Range 0 to 1 min, default 2 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(2);
}

/// <summary>What a committed event survives.</summary>
public enum SqliteSynchronous
{
    /// <summary>
    /// The end of the process, however it comes. A power failure may take the last commits with it, those before which numbers were given
    /// included; so such a number may be given again.
    /// </summary>
    Normal,

    /// <summary>A power failure too: each commit waits until the disk has it.</summary>
    Full,
}

/// <summary>The rules between the log's options; each message names both values. Stateless.</summary>
internal sealed class SqliteLimitsValidator(IOptions<StreamOptions> streams) : IValidateOptions<SqliteEventLogOptions>
{
    public ValidateOptionsResult Validate(string? name, SqliteEventLogOptions options)
    {
        var problems = new List<string>();
        if (options.MaxBytes < options.RetainedBytes)
        {
            problems.Add(
                $"Netra:Log:Sqlite:MaxBytes is {options.MaxBytes}; it must not be below RetainedBytes, which is {options.RetainedBytes}.");
        }

        if (options.TokenDelay < options.CriticalDelay)
        {
            problems.Add(
                $"Netra:Log:Sqlite:TokenDelay is {options.TokenDelay}; it must not be below CriticalDelay, "
                + $"which is {options.CriticalDelay}.");
        }

        if (LargestEvent() is { } largest && options.QueueBytes < largest)
        {
            problems.Add(
                $"Netra:Log:Sqlite:QueueBytes is {options.QueueBytes}; the largest event (Netra:Streams:MaxEventBytes) needs {largest}.");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private int? LargestEvent()
    {
        try
        {
            return streams.Value.MaxEventBytes + EventHeadBytes;
        }
        catch (OptionsValidationException)
        {
            // Invalid by itself, and reported by its own validator; there is nothing to compare with.
            return null;
        }
    }

    // Owner tag, number and id come on top of what MaxEventBytes measures.
    private const int EventHeadBytes = 128;
}
