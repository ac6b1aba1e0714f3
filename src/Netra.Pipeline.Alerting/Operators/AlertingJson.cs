using System.Text.Json.Serialization;
using Netra.Pipeline.Monitoring.Operators;

namespace Netra.Pipeline.Alerting.Operators;

/// <summary>
/// How the documents and bodies of alerting's routes are written and read. A member that is null is left out,
/// unless its property says otherwise.
/// </summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(AlertList))]
[JsonSerializable(typeof(AlertHistoryPage))]
[JsonSerializable(typeof(AuditPage))]
[JsonSerializable(typeof(RaisedAlert))]
[JsonSerializable(typeof(AcknowledgeBody))]
[JsonSerializable(typeof(EmergencyAlertBody))]
[JsonSerializable(typeof(EmptyBody))]
[JsonSerializable(typeof(SilenceDocument))]
[JsonSerializable(typeof(SilenceList))]
[JsonSerializable(typeof(SilenceBody))]
[JsonSerializable(typeof(RuleDocument))]
[JsonSerializable(typeof(RuleList))]
[JsonSerializable(typeof(RuleBody))]
[JsonSerializable(typeof(PolicyDocument))]
[JsonSerializable(typeof(PolicyBody))]
[JsonSerializable(typeof(ConfigurationDocument))]
internal sealed partial class AlertingJson : JsonSerializerContext;
