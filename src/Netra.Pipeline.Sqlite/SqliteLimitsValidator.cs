using Microsoft.Extensions.Options;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Sqlite;

/// <summary>The rules between the log's options; each message names both values. Stateless.</summary>
internal sealed class SqliteLimitsValidator(IOptions<StreamOptions> streams) : IValidateOptions<SqliteEventLogOptions>
{
    public ValidateOptionsResult Validate(string? name, SqliteEventLogOptions options)
    {
        var problems = new List<string>();
        if (options.MaxBytes < options.RetainedBytes)
        {
            problems.Add($"Netra:Log:Sqlite:MaxBytes is {options.MaxBytes}; it must not be below RetainedBytes, which is {options.RetainedBytes}.");
        }

        if (options.TokenDelay < options.CriticalDelay)
        {
            problems.Add($"Netra:Log:Sqlite:TokenDelay is {options.TokenDelay}; it must not be below CriticalDelay, which is {options.CriticalDelay}.");
        }

        if (LargestEvent() is { } largest && options.QueueBytes < largest)
        {
            problems.Add($"Netra:Log:Sqlite:QueueBytes is {options.QueueBytes}; the largest event (Netra:Streams:MaxEventBytes) needs {largest}.");
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
