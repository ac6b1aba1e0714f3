using System.Text.Json.Serialization;

namespace Netra.Pipeline.Monitoring.Operators;

/// <summary>
/// How the documents and bodies of monitoring's routes are written and read. A member that is null is left out,
/// unless its property says otherwise.
/// </summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(HostHealth))]
[JsonSerializable(typeof(HealthDocument<int, int, int>), TypeInfoPropertyName = "PublicHealth")]
[JsonSerializable(typeof(OperatorHealth))]
[JsonSerializable(typeof(CheckedHealth))]
[JsonSerializable(typeof(SystemStatus))]
[JsonSerializable(typeof(EmergencyModeDocument))]
[JsonSerializable(typeof(EmergencyModeBody))]
[JsonSerializable(typeof(DrainDocument))]
[JsonSerializable(typeof(DrainBody))]
[JsonSerializable(typeof(UserMetricsPage))]
[JsonSerializable(typeof(UserView))]
[JsonSerializable(typeof(ExecutiveDashboard))]
[JsonSerializable(typeof(OperationsDashboard))]
[JsonSerializable(typeof(PerformanceDashboard))]
[JsonSerializable(typeof(AlertsDashboard))]
[JsonSerializable(typeof(UsersDashboard))]
[JsonSerializable(typeof(TrendDocument))]
[JsonSerializable(typeof(ErasedDocument))]
[JsonSerializable(typeof(LedgerDocument))]
[JsonSerializable(typeof(EventTrace))]
[JsonSerializable(typeof(TenantMetricsList))]
[JsonSerializable(typeof(UndeliveredPage))]
internal sealed partial class MonitoringJson : JsonSerializerContext;
