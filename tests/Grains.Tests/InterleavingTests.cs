using System.Reflection;
using Contracts.Users;
using Orleans.Concurrency;

namespace Grains.Tests;

public sealed class InterleavingTests
{
    [Fact]
    public void An_answer_that_waits_for_a_record_lets_the_record_pass()
    {
        var waiting = typeof(IUserGrain).Assembly.GetTypes().Where(t => t.IsInterface && t.IsAssignableTo(typeof(IGrainWithStringKey)))
            .SelectMany(t => t.GetMethods()).Where(m => m.Name == "GetIncluding").ToArray();
        Assert.Equal(2, waiting.Length);
        Assert.All(waiting, m => Assert.True(m.GetCustomAttribute<AlwaysInterleaveAttribute>() is not null, $"{m.DeclaringType}.{m.Name} holds up the record that it waits for"));
    }
}
