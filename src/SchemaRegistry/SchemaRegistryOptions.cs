using Microsoft.Extensions.Options;

namespace SchemaRegistry;

/// <summary>Where schemas come from. Section <c>SchemaRegistry</c> of the configuration.</summary>
public sealed class SchemaRegistryOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "SchemaRegistry";

    /// <summary>The address of a registry with the Confluent API; without it <see cref="Folder"/> is the registry.</summary>
    public string? Url { get; set; }

    /// <summary>User and password for the registry as <c>user:password</c>, or null.</summary>
    public string? BasicAuth { get; set; }

    /// <summary>The folder of schemas. Default <c>schemas</c> beside the program. With a <see cref="Url"/> it keeps older records readable.</summary>
    public string Folder { get; set; } = Path.Combine(AppContext.BaseDirectory, "schemas");

    /// <summary>How long to wait for the registry's answer. Default 5 s.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    internal sealed class Validator : IValidateOptions<SchemaRegistryOptions>
    {
        public ValidateOptionsResult Validate(string? name, SchemaRegistryOptions options)
        {
            var errors = new List<string>();
            if (options.Url is not null && !(Uri.TryCreate(options.Url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"))
                errors.Add($"{Section}:{nameof(Url)} '{options.Url}' is not an http or https address.");
            if (options.Url is null && !File.Exists(Path.Combine(options.Folder, "subjects.json")))
                errors.Add($"{Section}:{nameof(Folder)} '{options.Folder}' holds no subjects.json; set it to the folder of schemas, or set {Section}:{nameof(Url)}.");
            if (options.Timeout <= TimeSpan.Zero)
                errors.Add($"{Section}:{nameof(Timeout)} must be more than 0, but is {options.Timeout}.");
            return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
        }
    }
}
