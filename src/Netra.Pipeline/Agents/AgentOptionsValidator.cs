using Microsoft.Extensions.Options;

namespace Netra.Pipeline.Agents;

/// <summary>Checks <see cref="AgentOptions"/> at start; generated from their annotations. Stateless.</summary>
[OptionsValidator]
internal sealed partial class AgentOptionsValidator : IValidateOptions<AgentOptions>;
