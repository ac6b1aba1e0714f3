using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Monitoring;

/// <summary>Checks the options of monitoring against each other; each message names both values.</summary>
internal sealed class MonitoringOptionsValidator : IValidateOptions<MonitoringOptions>
{
    public ValidateOptionsResult Validate(string? name, MonitoringOptions options) => options.MaxRunSilence >= options.RunLease
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail(
            $"Netra:Monitoring:MaxRunSilence is {options.MaxRunSilence}; it must not be below RunLease, which is {options.RunLease}.");
}
