using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Log.Sqlite;

/// <summary>The rules between the log's options; each message names both values. Stateless.</summary>
internal sealed class SqliteLimitsValidator : IValidateOptions<SqliteEventLogOptions>
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

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
