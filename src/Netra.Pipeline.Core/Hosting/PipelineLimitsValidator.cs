using Microsoft.Extensions.Options;
using Netra.Pipeline.Connections;
using Netra.Pipeline.Storage;
using Netra.Pipeline.Streams;

namespace Netra.Pipeline.Hosting;

/// <summary>The rules between options; each message names both values.</summary>
internal sealed class PipelineLimitsValidator(IOptions<StreamOptions> streams)
    : IValidateOptions<ConnectionOptions>, IValidateOptions<InMemoryEventLogOptions>
{
    public ValidateOptionsResult Validate(string? name, ConnectionOptions options)
    {
        int largest;
        try
        {
            largest = streams.Value.MaxEventBytes + EventHeadBytes;
        }
        catch (OptionsValidationException)
        {
            // Invalid by itself, and reported by its own validator; there is nothing to compare with.
            return ValidateOptionsResult.Skip;
        }

        var problems = new List<string>();
        if (options.QueueBytes < largest)
        {
            problems.Add(
                $"Netra:Connections:QueueBytes is {options.QueueBytes}; the largest event (Netra:Streams:MaxEventBytes) needs {largest}.");
        }

        if (options.SilentFailureWindow < options.PingTimeout * 2)
        {
            problems.Add(
                $"Netra:Connections:SilentFailureWindow is {options.SilentFailureWindow}; it must be at least twice PingTimeout, "
                + $"which is {options.PingTimeout}, to tell stuck from frozen.");
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    public ValidateOptionsResult Validate(string? name, InMemoryEventLogOptions options) => options.MaxBytes >= options.RetainedBytes
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail(
            $"Netra:Log:InMemory:MaxBytes is {options.MaxBytes}; it must not be below RetainedBytes, which is {options.RetainedBytes}.");

    // Owner tag, number and id come on top of what MaxEventBytes measures.
    private const int EventHeadBytes = 128;
}
