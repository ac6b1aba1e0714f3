namespace Netra.Pipeline.Server.Demo.Planning;

/// <summary>What a step of the demo agent's plan does.</summary>
internal enum StepKind
{
    /// <summary>Calls <c>calculate</c>.</summary>
    Calculate,

    /// <summary>Calls <c>current_time</c>.</summary>
    Time,

    /// <summary>Calls <c>read_file</c>.</summary>
    Read,

    /// <summary>Calls <c>delete_draft</c>, which asks first.</summary>
    Delete,

    /// <summary>Delegates to the agent that knows the documentation.</summary>
    Research,

    /// <summary>Counts, slowly: something to cancel.</summary>
    Count,

    /// <summary>Says what the agent can do.</summary>
    Introduce,
}
