using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Hosting;

/// <summary>
/// Checks options against their annotations. Each message names the option as it is configured, its value, and what is allowed. Stateless.
/// </summary>
/// <param name="section">The configuration section, such as <c>Netra:Streams</c>.</param>
internal sealed class SectionValidator<TOptions>(string section) : IValidateOptions<TOptions>
    where TOptions : class
{
    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        var problems = new List<string>();
        foreach (var property in typeof(TOptions).GetProperties())
        {
            var value = property.GetValue(options);
            foreach (var rule in property.GetCustomAttributes(typeof(ValidationAttribute), inherit: true).Cast<ValidationAttribute>())
            {
                if (!rule.IsValid(value))
                {
                    problems.Add($"{section}:{property.Name} is {value ?? "missing"}; {Demand(rule, property.Name)}");
                }
            }
        }

        return problems.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private static string Demand(ValidationAttribute rule, string name) => rule switch
    {
        RangeAttribute range => $"it must be between {range.Minimum} and {range.Maximum}.",
        RegularExpressionAttribute expression => $"it must match {expression.Pattern}.",
        RequiredAttribute => "it is needed.",
        _ => rule.FormatErrorMessage(name),
    };
}
