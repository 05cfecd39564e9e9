FROM mcr.microsoft.com/dotnet/sdk:10.0.401-noble AS build
WORKDIR /source
# Only what names packages: as long as that stays the same, the restored packages come from the cache.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY src/Api/Api.csproj src/Api/
COPY src/Contracts/Contracts.csproj src/Contracts/
COPY src/EventPlatform/EventPlatform.csproj src/EventPlatform/
COPY src/EventPlatform.AspNetCore/EventPlatform.AspNetCore.csproj src/EventPlatform.AspNetCore/
COPY src/EventStore/EventStore.csproj src/EventStore/
COPY src/Grains/Grains.csproj src/Grains/
COPY src/Orleans.Streams.Kafka/Orleans.Streams.Kafka.csproj src/Orleans.Streams.Kafka/
COPY src/SchemaRegistry/SchemaRegistry.csproj src/SchemaRegistry/
COPY src/StreamJobs/StreamJobs.csproj src/StreamJobs/
RUN dotnet restore src/Api
COPY schemas schemas
COPY src src
# Analyzers have spoken before anything is merged.
RUN dotnet publish src/Api -c Release --no-restore -p:UseAppHost=false -p:RunAnalyzers=false -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0.12-noble
WORKDIR /app
COPY --from=build /app .
COPY deploy/healthcheck.sh .
USER $APP_UID
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 CMD ["bash", "/app/healthcheck.sh", "8080", "/health/ready"]
ENTRYPOINT ["dotnet", "Api.dll"]
