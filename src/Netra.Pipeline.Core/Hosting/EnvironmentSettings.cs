using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Hosting;

/// <summary>Applies the environment variables that set options of one kind, and checks them. Stateless.</summary>
internal sealed class EnvironmentSettings<TOptions>(IConfiguration configuration, IReadOnlyList<EnvironmentSetting<TOptions>> settings)
    : IPostConfigureOptions<TOptions>, IValidateOptions<TOptions>
    where TOptions : class
{
    public void PostConfigure(string? name, TOptions options)
    {
        foreach (var setting in settings)
        {
            setting.Apply(configuration, options);
        }
    }

    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        string[] problems = [.. settings.Select(setting => setting.ProblemIn(configuration)).OfType<string>()];
        return problems.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
