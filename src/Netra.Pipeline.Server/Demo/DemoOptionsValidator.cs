using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Server.Demo;

/// <summary>Checks <see cref="DemoOptions"/> at start; generated from their annotations. Stateless.</summary>
[OptionsValidator]
internal sealed partial class DemoOptionsValidator : IValidateOptions<DemoOptions>;
